import { createRequire } from 'node:module';
import type { AnyNode, Function as FunctionNode, Options, Program } from 'acorn';

/** The source of a function, read. */
export interface ParsedFunction {
  readonly node: FunctionNode;
  /** As what it can stand in an object literal: `f: source`, or `source` alone, which is a method. */
  readonly isMethod: boolean;
  readonly isStrict: boolean;
  /** As it is sent: the same but for the computed name of a method, of which nothing is known in a worker. */
  readonly source: string;
}

/**
 * Reads what `Function.prototype.toString` gives of a function. `isSloppy` when it is known not to be in strict mode.
 * @throws Error that says what it is when it is no function that can be sent
 */
export function parseFunction(source: string, name: string, isSloppy: boolean): ParsedFunction {
  if (/\{\s*\[native code\]\s*\}$/.test(source)) {
    throw new Error('it is native, bound or a proxy, and has no source. Give `run` a function that calls it');
  }
  let mistake: unknown;
  for (const isStrict of isSloppy ? [false] : [true, false]) {
    for (const read of [readExpression, readMethod]) {
      try {
        return { ...read(source, name, isStrict), isStrict };
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        mistake ??= error;
      }
    }
  }
  throw new Error(`its source can't be read: ${(mistake as SyntaxError).message}`, { cause: mistake });
}

type Read = Omit<ParsedFunction, 'isStrict'>;

function readExpression(source: string, _name: string, isStrict: boolean): Read {
  const node = parsedBetween('(', source, '\n)', isStrict);
  if (node.type === 'ClassExpression') {
    throw new Error('it is a class. Give `run` a function that makes and uses its instances');
  }
  if (node.type !== 'FunctionExpression' && node.type !== 'ArrowFunctionExpression')
    throw new SyntaxError('expected a function');
  return { node, isMethod: false, source };
}

function readMethod(source: string, name: string, isStrict: boolean): Read {
  const before = '({';
  const object = parsedBetween(before, source, '\n})', isStrict);
  const [property, ...others] = object.type === 'ObjectExpression' ? object.properties : [];
  if (property?.type !== 'Property' || others.length > 0) throw new SyntaxError('expected a method');
  const { key, value, kind, computed } = property;
  if (kind !== 'init') {
    throw new Error(`it is a ${kind}ter. Give \`run\` a function`);
  }
  if (!property.method || value.type !== 'FunctionExpression') throw new SyntaxError('expected a method');
  if (!computed) return { node: value, isMethod: true, source };
  const keyStart = source.lastIndexOf('[', key.start - offsetOf(before));
  const keyEnd = value.start - offsetOf(before);
  // The lines below it stay where they are.
  const lines = source.slice(keyStart, keyEnd).replace(/[^\n]/g, '');
  const named = `${source.slice(0, keyStart)}[${JSON.stringify(name)}]${lines}${source.slice(keyEnd)}`;
  return { node: value, isMethod: true, source: named };
}

/** In a function, as `new.target` is to be found by us and not to be a mistake. */
const around = 'function f() { return ';

function offsetOf(before: string): number {
  return around.length + before.length;
}

/** What stands between these two, in what is all in one line before the source. */
function parsedBetween(before: string, source: string, behind: string, isStrict: boolean): AnyNode {
  const { parse } = loadAcorn();
  const { body } = parse(`${around}${before}${source}${behind} }`, {
    ...options,
    strict: isStrict,
  }) as Program;
  const [wrapper, ...others] = body;
  const statements = wrapper?.type === 'FunctionDeclaration' ? wrapper.body.body : [];
  const [returned] = statements;
  if (
    others.length > 0 ||
    statements.length !== 1 ||
    returned?.type !== 'ReturnStatement' ||
    !returned.argument
  )
    throw new SyntaxError('expected a function');
  return returned.argument;
}

// What the language forbids outside of what it is for, and is outside here, is told in our words.
const options: Options = {
  ecmaVersion: 'latest',
  sourceType: 'script',
  locations: true,
  allowSuperOutsideMethod: true,
  allowImportExportEverywhere: true,
  checkPrivateFields: false,
};

let acorn: typeof import('acorn') | undefined;

/** For the first function: most programs invoke those of the folder only. */
function loadAcorn(): typeof import('acorn') {
  acorn ??= createRequire(import.meta.url)('acorn') as typeof import('acorn');
  return acorn;
}
