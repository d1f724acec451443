import { createRequire } from 'node:module';
import { relative } from 'node:path';

/**
 * Where the syntax error is that kept a module from being imported, as in `lib/sizes.js:3:12`: V8 knows it and tells it
 * only to the terminal of a program that ends by it. Undefined when there is none that esbuild finds in the module and what
 * it imports by path.
 */
export function placeOfSyntaxError(file: string, root: string): string | undefined {
  const esbuild: typeof import('esbuild') = createRequire(import.meta.url)('esbuild');
  try {
    esbuild.buildSync({
      entryPoints: [file],
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      write: false,
      logLevel: 'silent',
      // Files of other kinds are no matter of syntax.
      loader: { '.node': 'empty', '.wasm': 'empty' },
      absWorkingDir: root,
    });
  } catch (failure) {
    const errors = (failure as { errors?: import('esbuild').Message[] }).errors ?? [];
    // What can't be resolved has an error of its own from Node.
    const found = errors.find(({ text, location }) => location && !/^Could not resolve/.test(text))?.location;
    if (found) return `${relative(root, `${root}/${found.file}`)}:${found.line}:${found.column + 1}`;
  }
  return undefined;
}
