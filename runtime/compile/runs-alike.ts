import { pathToFileURL } from 'node:url';
import { isCommonJs, isModuleInCommonJs, isTypeScript } from '../modules/module-kind.ts';

/**
 * Whether what this module is compiled to, by what esbuild printed, runs as the module does under tsx; or, of JavaScript, which stays as it is, whether
 * it runs without tsx. When in doubt it doesn't: then all that is lost is time.
 */
export function runsAlike({ file, code }: { readonly file: string; readonly code: string }): boolean {
  // Its own place stands where it asks for that.
  const program = [pathToFileURL(file).href, JSON.stringify(file).slice(1, -1)].reduce(
    (rest, place) => rest.replaceAll(place, ''),
    code.slice(0, code.lastIndexOf(sourceMapMark)),
  );
  if (!isTypeScript(file)) return !isModuleInCommonJs(file) && !namesTypeScript.test(program);
  return !isCommonJs(file) && !needsTsx.some((pattern) => pattern.test(program));
}

const sourceMapMark = '\n//# sourceMappingURL=';

/** Something is imported by its name at run time, a worker's thread for example; what the imports name is replaced by now. */
const namesTypeScript = /\.[cm]?tsx?["'`]/;

const needsTsx = [
  namesTypeScript,
  // Relative to where the module is.
  /\bimport\s*\((?!")/,
  /\bimport\.meta\b/,
  // What tsx lends from CommonJS.
  /\b(?:__require|__dirname|__filename|__commonJS|module\.exports)\b/,
  // A file without its extension, which may be `.ts`, for a `require` that was made.
  /\bcreateRequire\b[\s\S]*["'`]\.{1,2}\/(?:[^"'`]*\/)?[^"'`./]+["'`]/,
];
