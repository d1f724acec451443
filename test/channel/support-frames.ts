import type { EncodedValue } from '../../runtime/channel/codec.ts';
import { FrameBatch } from '../../runtime/channel/frame-batch.ts';
import { FrameReader } from '../../runtime/channel/frame-reader.ts';
import { InvocationId, newInvocationId } from '../../runtime/channel/invocation-id.ts';
import type { Random } from './support-random.ts';

export interface Message {
  readonly type: string;
}

export type Frame = readonly [message: Message & Record<string, unknown>, body?: EncodedValue];

export const json = (text: string): EncodedValue => text;
export const v8 = (bytes: Uint8Array): EncodedValue => ({ codec: 'v8', bytes });

export const withBuffers = (bytes: Uint8Array, buffers: ArrayBuffer[]): EncodedValue => ({
  codec: 'v8',
  bytes,
  buffers,
});
export const bytesOf = (length: number) => Uint8Array.from({ length }, (_, index) => index).buffer;

function runOf(run: number, cwd: string) {
  return {
    ...{ type: 'run', run, count: 1, functionIndex: 3, invocationId: newInvocationId() },
    ...{ attempt: 1, isAhead: false, isStream: false, timeoutMs: 60_000, cwd },
  };
}

export const samples: Frame[] = [
  [{ type: 'ready' }],
  [runOf(1, '/größe/人/\u{1F600}'), json('"größe 人 \u{1F600}"')],
  [{ ...runOf(2, '/größe/人/\u{1F600}'), isAhead: true, timeoutMs: 0.5, attempt: 3 }, json('1')],
  // Each of these differs from the one before in one thing that is left out when it is the same.
  [{ ...runOf(3, '/größe/人/\u{1F600}'), isAhead: true, timeoutMs: 0.5, attempt: 3 }, json('1')],
  [{ ...runOf(4, '/größe/人/\u{1F600}'), isAhead: true, timeoutMs: 0.5, attempt: 2 }],
  [{ ...runOf(5, '/größe/人/\u{1F600}'), timeoutMs: 0, attempt: 2 }],
  [{ ...runOf(6, '/größe/人/\u{1F600}'), timeoutMs: 0, attempt: 2, functionIndex: 4 }],
  [{ ...runOf(7, '/'), timeoutMs: 0, attempt: 2, functionIndex: 4 }],
  [runOf(2 ** 32 - 1, '')],
  [
    { type: 'succeeded', run: 2 ** 32 - 1, durationMs: 0.001, memoryMB: 1e6, output: [2 ** 40, 0] },
    v8(Buffer.alloc(3)),
  ],
  [{ type: 'succeeded', run: 1, durationMs: 2, memoryMB: 3, output: [2 ** 40, 0] }, json('{}')],
  [{ type: 'succeeded', run: 2, durationMs: 2, memoryMB: 3, output: [2 ** 40, 1] }, json('{}')],
  [{ ...runOf(8, ''), isStream: true }, json('5')],
  [{ ...runOf(9, ''), count: 2 ** 32 - 1, isAhead: true }, json('[5, 6]')],
  [{ ...runOf(10, '/'), count: 2 }, json('[5, 6]')],
  [{ type: 'part', run: 2 ** 32 - 1, hasWaited: false }, json('5')],
  [{ type: 'part', run: 8, hasWaited: true }, withBuffers(Buffer.from('abc'), [bytesOf(300)])],
  [{ type: 'buffers' }, withBuffers(Buffer.from('abc'), [bytesOf(5), bytesOf(0), bytesOf(200)])],
  [{ type: 'buffers alone' }, withBuffers(Buffer.alloc(0), [bytesOf(0)])],
  [{ type: 'empty body' }, v8(Buffer.alloc(0))],
  [{ type: 'bytes' }, v8(Buffer.from([0, 255, 10, 13, 0]))],
  [{ type: 'abort', run: 2 ** 31, path: '"\\\n' }, json('null')],
];

export function write(frames: readonly Frame[]): Buffer {
  const batch = new FrameBatch();
  for (const [message, body] of frames) batch.add(message, body);
  return Buffer.concat(batch.take());
}

/** Reads chunks; what comes out is compared as text, so that a failure shows it. */
export function read(chunks: readonly Buffer[]): string[] {
  const reader = new FrameReader<Message>();
  const found: string[] = [];
  for (const chunk of chunks) reader.push(chunk, (...frame) => found.push(textOf(frame)));
  return found;
}

const asJson = { codec: 'json', buffers: undefined } as const;

export function textOf([message, body]: readonly [
  message: Message,
  body?: EncodedValue | undefined,
]): string {
  const head = JSON.stringify(message, (_, value) => (value instanceof InvocationId ? value.text : value));
  if (body === undefined) return `${head} -`;
  const { codec, bytes, buffers = [] } = typeof body === 'string' ? { ...asJson, bytes: body } : body;
  const hex = [bytes as Uint8Array, ...buffers.map((buffer) => new Uint8Array(buffer as ArrayBuffer))].map(
    (each) => Buffer.from(each).toString('hex'),
  );
  return `${head} ${codec} ${hex.join(' + ')}`;
}

export const textsOf = (frames: readonly Frame[]) => frames.map(textOf);

export function randomFrame(random: Random): Frame {
  const message = {
    type: random.pick(['abort', 'größe', '']),
    n: random.fraction(),
    list: random.list(5, () => 1),
  };
  const size = random.pick([0, 1, 10, 300, 33_000]);
  const body = random.pick([
    () => undefined,
    () => json(JSON.stringify('x'.repeat(size))),
    () => v8(random.bytes(random.below(size + 1))),
    () =>
      withBuffers(
        random.bytes(random.below(50)),
        random.list(3, () => bytesOf(random.below(size + 1))),
      ),
  ])();
  return [message, body];
}
