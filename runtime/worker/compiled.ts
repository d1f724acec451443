import { pathToFileURL } from 'node:url';
import type { FunctionSource } from '../channel/messages.ts';

/**
 * Imports what a function of TypeScript was compiled to. Undefined when there is nothing of the kind, or when Node can't
 * link it: nothing of it has run then, and tsx may do better, or says in terms of the source what is wrong with it.
 */
export async function importCompiled({
  compiled,
  version,
}: FunctionSource): Promise<{ namespace: Record<string, unknown>; version: string } | undefined> {
  if (compiled === undefined) return undefined;
  // Stacks name the lines as they were written.
  process.setSourceMapsEnabled(true);
  try {
    return { namespace: await import(pathToFileURL(compiled).href), version };
  } catch (error) {
    if (isOfLinking(error)) return undefined;
    throw error;
  }
}

function isOfLinking(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof SyntaxError)
    return /\bModuleJob\b|\bcompileSourceTextModule\b/.test(error.stack ?? '');
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && linkingCodes.has(code);
}

const linkingCodes = new Set([
  'ERR_IMPORT_ATTRIBUTE_MISSING',
  'ERR_IMPORT_ATTRIBUTE_UNSUPPORTED',
  'ERR_MODULE_NOT_FOUND',
  'ERR_PACKAGE_IMPORT_NOT_DEFINED',
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNKNOWN_MODULE_FORMAT',
  'ERR_UNSUPPORTED_DIR_IMPORT',
]);
