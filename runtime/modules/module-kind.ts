import fs from 'node:fs';
import path from 'node:path';

/** Whether Node alone can't run it, at least the oldest that we support. */
export function isTypeScript(file: string): boolean {
  return /\.[cm]?tsx?$/.test(file);
}

/** Whether Node takes a `.js` or `.ts` file for CommonJS: what the nearest package.json says, and its extension first. */
export function isCommonJs(file: string): boolean {
  if (/\.[cm][jt]s$/.test(file)) return /\.c[jt]s$/.test(file);
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    try {
      const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
        type?: string;
      };
      return manifest.type !== 'module';
    } catch {
      if (folder === path.dirname(folder)) return true;
    }
  }
}

/**
 * Whether a `.js` file is written as a module in a package that says it is none, as `npm init -y` makes them. Node
 * refuses such a file, with a warning on stderr, or takes it with one; tsx runs it as it is.
 */
export function isModuleInCommonJs(file: string): boolean {
  return file.endsWith('.js') && moduleSyntax.test(fs.readFileSync(file, 'utf8')) && isCommonJs(file);
}

// What only looks like it, in a comment or a text, goes through tsx as well, which takes CommonJS too.
const moduleSyntax =
  /(?:^|[;}])\s*(?:import\s*[\w$*{"']|export\s*(?:default|const|let|var|async|function|class|[*{]))/m;
