import vm from 'node:vm';

/** Whether every worker has a global of this name. What the program has added to its own is not among them. */
export function isGlobal(name: string): boolean {
  names ??= new Set([
    ...(vm.runInNewContext('Object.getOwnPropertyNames(globalThis)') as string[]),
    ...ofNode,
  ]);
  return names.has(name) || isHidden(name);
}

/** As Node makes the classes that it adds, those of later versions too; what a program assigns can be enumerated. */
function isHidden(name: string): boolean {
  return Object.getOwnPropertyDescriptor(globalThis, name)?.enumerable === false;
}

let names: ReadonlySet<string> | undefined;

// Of all versions: one that this Node lacks is the usual ReferenceError where it is used.
const ofNode = `
  AbortController AbortSignal Blob BroadcastChannel Buffer ByteLengthQueuingStrategy CloseEvent CompressionStream
  CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DecompressionStream ErrorEvent Event EventSource
  EventTarget File FormData Headers MessageChannel MessageEvent MessagePort Navigator Performance PerformanceEntry PerformanceMark
  PerformanceMeasure PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming QuotaExceededError
  ReadableByteStreamController ReadableStream ReadableStreamBYOBReader ReadableStreamBYOBRequest
  ReadableStreamDefaultController ReadableStreamDefaultReader Request Response Storage SubtleCrypto TextDecoder
  TextDecoderStream TextEncoder TextEncoderStream TransformStream TransformStreamDefaultController URL URLPattern
  URLSearchParams WebAssembly WebSocket WritableStream WritableStreamDefaultController WritableStreamDefaultWriter atob
  btoa clearImmediate clearInterval clearTimeout console crypto fetch global localStorage navigator performance process
  queueMicrotask sessionStorage setImmediate setInterval setTimeout structuredClone`
  .trim()
  .split(/\s+/);
