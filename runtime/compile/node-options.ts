/**
 * Whether workers with these options of Node and these variables find and load modules as Node does by itself; else what a
 * module of the project imports is for Node to say.
 */
export function loadAsUsual({
  execArgv,
  env,
}: {
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}): boolean {
  const { NODE_OPTIONS: more = '' } = { ...process.env, ...env };
  return ![...execArgv, ...more.split(/\s+/)].some((option) => changesLoading.test(option));
}

const changesLoading =
  /^(?:-C|-r|--(?:conditions|require|import|loader|experimental-loader|preserve-symlinks)\b)/;
