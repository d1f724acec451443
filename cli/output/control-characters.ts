/**
 * A text from elsewhere as one line of a terminal: the name of a file may hold line breaks, to pass for lines of the log,
 * and escape sequences, which change what the terminal shows.
 */
export function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (found) => (found === '\t' ? found : escaped(found)));
}

/** The same for a text that has several lines, which it may keep: those after the first are indented. */
export function onLines(text: string): string {
  return text.split('\n').map(onOneLine).join('\n    ');
}

function escaped(character: string): string {
  const short = JSON.stringify(character).slice(1, -1);
  if (short !== character) return short;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
