import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AnyNode, Function as FunctionNode } from 'acorn';
import { isModuleInCommonJs } from '../modules/module-kind.ts';
import { childrenOf } from './scope.ts';

/** What a function imports or requires by itself. */
export interface Imports {
  /** Whether it has an `import()`. */
  readonly hasImport: boolean;
  /** Whether it may be given a file that Node alone can't run. */
  readonly loadsTypeScript: boolean;
}

/** Relative specifiers are meant against this folder. */
export function findImports(root: FunctionNode, folder: string): Imports {
  let hasImport = false;
  let loadsTypeScript = false;
  const open: AnyNode[] = [root as AnyNode];
  for (let node = open.pop(); node; node = open.pop()) {
    const specifier = specifierOf(node);
    if (specifier) {
      hasImport ||= node.type === 'ImportExpression';
      loadsTypeScript ||= mayBeTypeScript(textOf(specifier), folder);
    }
    open.push(...childrenOf(node));
  }
  return { hasImport, loadsTypeScript };
}

function specifierOf(node: AnyNode): AnyNode | undefined {
  if (node.type === 'ImportExpression') return node.source;
  const isRequire =
    node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 'require';
  return isRequire ? node.arguments[0] : undefined;
}

/** Undefined when it is known only when it runs. */
function textOf(specifier: AnyNode): string | undefined {
  if (specifier.type === 'Literal') return String(specifier.value);
  const [only, ...others] = specifier.type === 'TemplateLiteral' ? specifier.quasis : [];
  return others.length === 0 ? (only?.value.cooked ?? undefined) : undefined;
}

/** What is no package is TypeScript unless it is known that it isn't: a worker can do more than it needs. */
function mayBeTypeScript(specifier: string | undefined, folder: string): boolean {
  if (specifier === undefined) return true;
  // Names that package.json or tsconfig.json gives.
  if (/^(?:#|~|@\/)/.test(specifier)) return true;
  const file = fileOf(specifier, folder);
  if (file === undefined || /\.(?:mjs|cjs|json|node|wasm)$/.test(file)) return false;
  // TypeScript is imported by the name of what it would be compiled to as well.
  return !file.endsWith('.js') || !fs.existsSync(file) || isModuleInCommonJs(file);
}

/** Undefined for a package. */
function fileOf(specifier: string, folder: string): string | undefined {
  if (specifier.startsWith('file:')) return fileURLToPath(specifier);
  const isPath = /^\.{0,2}\//.test(specifier) || path.isAbsolute(specifier);
  return isPath ? path.resolve(folder, specifier) : undefined;
}
