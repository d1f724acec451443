/**
 * Tells whether JSON brings a value back exactly as it was: plain objects and dense arrays of strings, finite
 * numbers, booleans and null, in which no object stands twice (JSON would make two of it).
 */
export function isExactInJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isExactLeaf(value);
  const visited = spare ?? new Visited();
  // A getter of the value may send another one meanwhile.
  spare = undefined;
  try {
    return isExactTree(value, visited, 0);
  } finally {
    visited.clear();
    spare = visited;
  }
}

// Deeper than this is rare, and recursion would begin to cost stack: structured clone may have it.
const maxDepth = 1000;

function isExactTree(object: object, visited: Visited, depth: number): boolean {
  if (depth > maxDepth || visited.hasSeen(object)) return false;
  return Array.isArray(object)
    ? isExactArray(object, visited, depth)
    : isExactObject(object as Record<string, unknown>, visited, depth);
}

function isExactArray(array: unknown[], visited: Visited, depth: number): boolean {
  if (Object.getPrototypeOf(array) !== Array.prototype) return false;
  // A hole reads as undefined and ends it below; a property beside the elements shows in the keys.
  if (Object.keys(array).length !== array.length) return false;
  for (const element of array) {
    if (!isExact(element, visited, depth)) return false;
  }
  return true;
}

function isExactObject(object: Record<string, unknown>, visited: Visited, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return false;
  // What is inherited would be looked at too, for nothing; there is nothing enumerable to inherit.
  for (const key in object) {
    if (!isExact(object[key], visited, depth)) return false;
  }
  return true;
}

function isExact(value: unknown, visited: Visited, depth: number): boolean {
  return typeof value === 'object' && value !== null
    ? isExactTree(value, visited, depth + 1)
    : isExactLeaf(value);
}

function isExactLeaf(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    default:
      return value === null;
  }
}

// Most arguments hold a handful of objects: a scan of a short list is faster than making a Set.
const shortList = 16;

class Visited {
  readonly #list: (object | undefined)[] = [];
  #count = 0;
  #set: Set<object | undefined> | undefined;

  hasSeen(object: object): boolean {
    if (this.#set) {
      if (this.#set.has(object)) return true;
      this.#set.add(object);
      return false;
    }
    for (let index = 0; index < this.#count; index++) if (this.#list[index] === object) return true;
    this.#list[this.#count++] = object;
    if (this.#count === shortList) this.#set = new Set(this.#list);
    return false;
  }

  /** Keeps nothing of what it has seen, but the room for it. */
  clear(): void {
    while (this.#count > 0) this.#list[--this.#count] = undefined;
    this.#set = undefined;
  }
}

/** Most values are looked at one after another: one list does for all. */
let spare: Visited | undefined;
