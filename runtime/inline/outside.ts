import type { AnyNode, BlockStatement, CatchClause, Class, Function as FunctionNode, Statement } from 'acorn';
import { childrenOf, Scope } from './scope.ts';

/** What a function refers to that is not inside of it: a name, or `this`, `super`, `#field` and their kind; with its lines. */
export type Outside = ReadonlyMap<string, ReadonlySet<number>>;

/** Finds what this function refers to outside of itself. The lines are those of its own source, from 1. */
export function findOutside(root: FunctionNode, isStrict: boolean): Outside {
  const search = new Search(isStrict);
  search.functionAtTop(root);
  return search.found;
}

/** Where something stands. */
interface Place {
  readonly scope: Scope;
  /** Whether `this` is of something inside of the function; likewise the others. */
  readonly hasThis: boolean;
  readonly hasSuper: boolean;
  readonly hasNewTarget: boolean;
  /** The private names of the classes around it. */
  readonly privates: Scope;
}

class Search {
  readonly found = new Map<string, Set<number>>();
  readonly #isStrict: boolean;

  constructor(isStrict: boolean) {
    this.#isStrict = isStrict;
  }

  /** What it is called with is not sent, so that its own `this` and `super` are outside as those of an arrow function are. */
  functionAtTop(node: FunctionNode): void {
    const scope = new Scope(undefined, node.id ? [node.id.name] : []);
    const isArrow = node.type === 'ArrowFunctionExpression';
    const outside = { scope, hasThis: false, hasSuper: false, hasNewTarget: !isArrow, privates: new Scope() };
    this.#parametersAndBody(node, outside, new Scope(scope, isArrow ? [] : ['arguments']));
  }

  #visit(node: AnyNode, place: Place): void {
    switch (node.type) {
      case 'Identifier':
        if (!place.scope.has(node.name)) this.#note(node.name, node);
        break;
      case 'PrivateIdentifier':
        if (!place.privates.has(node.name)) this.#note(`#${node.name}`, node);
        break;
      case 'ThisExpression':
        if (!place.hasThis) this.#note('this', node);
        break;
      case 'Super':
        if (!place.hasSuper) this.#note('super', node);
        break;
      case 'MetaProperty':
        if (node.meta.name === 'import') this.#note('import.meta', node);
        else if (!place.hasNewTarget) this.#note('new.target', node);
        break;
      case 'UnaryExpression':
        // `typeof fetch` is how to ask whether there is one.
        if (node.operator !== 'typeof' || node.argument.type !== 'Identifier') this.#children(node, place);
        break;
      case 'MemberExpression':
        this.#visit(node.object, place);
        this.#key(node.property, node.computed, place);
        break;
      case 'Property':
        this.#key(node.key, node.computed, place);
        if (node.method || node.kind !== 'init') this.#method(node.value, place);
        else this.#visit(node.value, place);
        break;
      case 'LabeledStatement':
        this.#visit(node.body, place);
        break;
      case 'BreakStatement':
      case 'ContinueStatement':
        break;
      case 'ArrowFunctionExpression':
        this.#parametersAndBody(node, place, new Scope(place.scope));
        break;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
        this.#function(node, place);
        break;
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#class(node, place);
        break;
      case 'BlockStatement':
        this.#block(node.body, place);
        break;
      case 'SwitchStatement':
        this.#visit(node.discriminant, place);
        this.#block(
          node.cases.flatMap(({ consequent }) => consequent),
          place,
          node.cases,
        );
        break;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement': {
        const first = node.type === 'ForStatement' ? node.init : node.left;
        this.#block(first ? [first] : [], place, [...childrenOf(node)]);
        break;
      }
      case 'CatchClause':
        this.#catch(node, place);
        break;
      case 'WithStatement':
        // Nobody can tell what a name in it belongs to.
        this.#note('with', node);
        break;
      default:
        this.#children(node, place);
    }
  }

  #children(node: AnyNode, place: Place): void {
    for (const child of childrenOf(node)) this.#visit(child, place);
  }

  /** Of a property or a member: a name that isn't computed refers to nothing, unless it is a private one. */
  #key(key: AnyNode, isComputed: boolean, place: Place): void {
    if (isComputed || key.type === 'PrivateIdentifier') this.#visit(key, place);
  }

  /** Statements with what they declare; `all` are what is looked at, when that is more. */
  #block(statements: readonly AnyNode[], place: Place, all: readonly AnyNode[] = statements): void {
    const scope = new Scope(place.scope);
    scope.declareBlock(statements);
    for (const each of all) this.#visit(each, { ...place, scope });
  }

  #catch({ param, body }: CatchClause, place: Place): void {
    const scope = new Scope(place.scope);
    if (param) {
      scope.declarePattern(param);
      this.#visit(param, { ...place, scope });
    }
    this.#visit(body, { ...place, scope });
  }

  #function(node: FunctionNode, place: Place, hasSuper = false): void {
    // The name of an expression is known only inside of it; that of a declaration also around it.
    const named = new Scope(place.scope, node.id ? [node.id.name] : []);
    const own = { ...place, hasThis: true, hasSuper, hasNewTarget: true };
    this.#parametersAndBody(node, own, new Scope(named, ['arguments']));
  }

  #method(value: AnyNode, place: Place): void {
    if (value.type === 'FunctionExpression') this.#function(value, place, true);
    else this.#visit(value, place);
  }

  /** What the body declares is not known to the defaults of the parameters. */
  #parametersAndBody({ params, body }: FunctionNode, place: Place, scope: Scope): void {
    for (const each of params) scope.declarePattern(each);
    for (const each of params) this.#visit(each, { ...place, scope });
    if (body.type === 'BlockStatement') this.#body(body.body, { ...place, scope });
    else this.#visit(body, { ...place, scope });
  }

  #body(statements: BlockStatement['body'] | Statement[], place: Place): void {
    const scope = new Scope(place.scope);
    scope.declareHoisted(statements, this.#isStrict);
    this.#block(statements, { ...place, scope });
  }

  #class({ id, superClass, body }: Class, place: Place): void {
    const scope = new Scope(place.scope, id ? [id.name] : []);
    const privates = new Scope(place.privates);
    for (const member of body.body) {
      if (member.type !== 'StaticBlock' && member.key.type === 'PrivateIdentifier')
        privates.declare(member.key.name);
    }
    const around = { ...place, scope, privates };
    const inside = { ...around, hasThis: true, hasSuper: true, hasNewTarget: true };
    if (superClass) this.#visit(superClass, around);
    for (const member of body.body) {
      if (member.type === 'StaticBlock') {
        this.#body(member.body, inside);
        continue;
      }
      if (member.computed) this.#visit(member.key, around);
      if (member.type === 'MethodDefinition') this.#method(member.value, around);
      else if (member.value) this.#visit(member.value, inside);
    }
  }

  #note(what: string, { loc }: AnyNode): void {
    const lines = this.found.get(what) ?? new Set();
    this.found.set(what, lines.add(loc?.start.line ?? 1));
  }
}
