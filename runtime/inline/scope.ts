import type { AnyNode, Pattern, Statement } from 'acorn';

/** The names that are declared in one part of a source, inside of others. */
export class Scope {
  readonly #outer: Scope | undefined;
  readonly #names: Set<string>;

  constructor(outer?: Scope, names: Iterable<string> = []) {
    this.#outer = outer;
    this.#names = new Set(names);
  }

  declare(name: string): void {
    this.#names.add(name);
  }

  declarePattern(pattern: Pattern): void {
    for (const name of namesIn(pattern)) this.declare(name);
  }

  /** `let`, `const`, `using`, classes and functions of a block. */
  declareBlock(statements: readonly AnyNode[]): void {
    for (const statement of statements) {
      if (statement.type === 'VariableDeclaration') {
        for (const { id } of statement.declarations) this.declarePattern(id);
      } else if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
        if (statement.id) this.declare(statement.id.name);
      } else if (statement.type === 'LabeledStatement') this.declareBlock([statement.body]);
    }
  }

  /**
   * What a function's body declares wherever it stands in it: `var`, and without strict mode also the functions in its
   * blocks.
   */
  declareHoisted(statements: readonly Statement[], isStrict: boolean): void {
    const open: AnyNode[] = [...statements];
    for (let node = open.pop(); node; node = open.pop()) {
      if (node.type === 'FunctionDeclaration') {
        if (node.id && !isStrict) this.declare(node.id.name);
      } else if (node.type === 'VariableDeclaration') {
        if (node.kind === 'var') for (const { id } of node.declarations) this.declarePattern(id);
      } else if (node.type.endsWith('Statement') || isPartOfStatement(node)) open.push(...childrenOf(node));
    }
  }

  has(name: string): boolean {
    return this.#names.has(name) || (this.#outer?.has(name) ?? false);
  }
}

/** What stands directly inside of a node. */
export function* childrenOf(node: AnyNode): Generator<AnyNode> {
  for (const value of Object.values(node) as unknown[]) {
    for (const each of Array.isArray(value) ? value : [value]) if (isNode(each)) yield each;
  }
}

/** The names that a pattern declares: `a` and `c` of `{ a, b: [c = d] }`. */
function* namesIn(pattern: Pattern): Generator<string> {
  switch (pattern.type) {
    case 'Identifier':
      yield pattern.name;
      break;
    case 'ObjectPattern':
      for (const each of pattern.properties)
        yield* namesIn(each.type === 'RestElement' ? each.argument : each.value);
      break;
    case 'ArrayPattern':
      for (const each of pattern.elements) if (each) yield* namesIn(each);
      break;
    case 'RestElement':
      yield* namesIn(pattern.argument);
      break;
    case 'AssignmentPattern':
      yield* namesIn(pattern.left);
  }
}

// Of these statements are made; expressions have no `var` but in functions of their own.
function isPartOfStatement({ type }: AnyNode): boolean {
  return type === 'SwitchCase' || type === 'CatchClause';
}

function isNode(value: unknown): value is AnyNode {
  return typeof (value as { type?: unknown } | null | undefined)?.type === 'string';
}
