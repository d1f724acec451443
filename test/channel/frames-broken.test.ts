import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameError } from '../../runtime/channel/frame-format.ts';
import { FrameReader } from '../../runtime/channel/frame-reader.ts';
import { type Message, randomFrame, read, samples, textOf, textsOf, write } from './support-frames.ts';
import { forSeeds } from './support-random.ts';

/** The prefix of a frame: its length, the codec of its body, the length and the kind of its head. */
function prefix(length: number, codec: number, headLength: number, kind = 0): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt8(kind, 4);
  bytes.writeUInt8(codec, 5);
  bytes.writeUInt32LE(headLength, 6);
  return bytes;
}

const head = Buffer.from('{"type":"a"}');

/** A frame with a head that is one, and with buffers. */
function withBuffers(table: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([prefix(6 + head.length + table.length, 3, head.length), head, table]);
}

/** The table of one buffer that follows the frame. */
function tableOfOne(length: number): Buffer {
  const table = Buffer.alloc(16);
  table.writeDoubleLE(-1, table.writeUInt32LE(length, table.writeUInt32LE(1)));
  return table;
}

const nonsense: [what: string, bytes: Buffer, message: RegExp][] = [
  ['a length of zero', prefix(0, 0, 0), /got a length of 0/],
  ['a length shorter than the prefix', prefix(4, 0, 0), /got a length of 4/],
  ['the greatest length there is', prefix(0xffff_ffff, 0, 2), /got a length of 4294967295/],
  ['a length of 2 GB', prefix(2 ** 31, 0, 2), /at most 2147483647 bytes, got a length of 2147483648/],
  [
    'a head that is longer than its frame',
    Buffer.concat([prefix(8, 0, 3), Buffer.from('{}')]),
    /inside of it/,
  ],
  ['a head of 4 GB', Buffer.concat([prefix(8, 0, 0xffff_ffff), Buffer.from('{}')]), /inside of it/],
  [
    'a codec that nobody knows',
    Buffer.concat([prefix(8, 5, 2), Buffer.from('{}')]),
    /codec that exists, got 5/,
  ],
  ['buffers without a table of them', withBuffers(), /table of buffers inside/],
  [
    'a table of buffers that is longer than its frame',
    withBuffers(Buffer.from([3, 0, 0, 0, 1, 0, 0, 0])),
    /table of buffers inside/,
  ],
  ['buffers of 4 GB', withBuffers(tableOfOne(2 ** 32 - 1)), /buffers of at most/],
  ['the last codec', Buffer.concat([prefix(8, 255, 2), Buffer.from('{}')]), /codec that exists, got 255/],
  ['a kind of head that nobody knows', Buffer.concat([prefix(8, 0, 2, 4), Buffer.from('{}')]), /kind.*got 4/],
  ['a part that is cut off', Buffer.concat([prefix(10, 0, 4, 3), Buffer.alloc(4)]), /one of its kind/],
  ['a head of a part that is too long', prefix(2 ** 30, 0, 6, 3), /one of its kind/],
  ['a head without a type', Buffer.concat([prefix(8, 0, 2), Buffer.from('{}')]), /one of its kind/],
  [
    'the begin of a long frame without a type',
    Buffer.concat([prefix(2 ** 30, 0, 2), Buffer.from('{}')]),
    /one of its kind/,
  ],
  ['a head that is no JSON', Buffer.concat([prefix(8, 0, 2), Buffer.from('{]')]), /one of its kind/],
  ['an empty head', prefix(6, 0, 0), /one of its kind/],
  ['a run that is cut off', Buffer.concat([prefix(16, 0, 10, 1), Buffer.alloc(10)]), /one of its kind/],
  [
    'a run of several that is cut off before their count',
    Buffer.concat([prefix(27, 0, 21, 1), Buffer.alloc(20), Buffer.from([2 + 8])]),
    /one of its kind/,
  ],
  [
    'an end of a run that is cut off',
    Buffer.concat([prefix(16, 0, 10, 2), Buffer.alloc(10)]),
    /one of its kind/,
  ],
  [
    'text of another protocol',
    Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    /head|codec|JSON|length/,
  ],
];

for (const [what, bytes, message] of nonsense) {
  test(`${what} is a FrameError, after the frames before it`, () => {
    const reader = new FrameReader<Message>();
    const found: string[] = [];
    const both = Buffer.concat([write(samples), bytes]);
    assert.throws(
      () => reader.push(both, (...frame) => found.push(textOf(frame))),
      (error) => error instanceof FrameError && message.test(error.message),
    );
    assert.deepEqual(found, textsOf(samples));
  });
}

test('the longest frame that is allowed may begin: it takes no memory before its bytes come', () => {
  const before = process.memoryUsage().rss;
  const reader = new FrameReader<Message>();
  reader.push(prefix(2 ** 31 - 1, 2, 100), () => assert.fail('there is no frame yet'));
  reader.push(Buffer.alloc(1_000), () => assert.fail('there is no frame yet'));
  const grownMB = (process.memoryUsage().rss - before) / 2 ** 20;
  assert(grownMB < 200, `it has grown by ${grownMB} MB`);
});

test('the longest buffer that is allowed may begin, too', () => {
  const before = process.memoryUsage().rss;
  const reader = new FrameReader<Message>();
  reader.push(withBuffers(tableOfOne(2 ** 31 - 1)), () => assert.fail('it is not whole'));
  reader.push(Buffer.alloc(1_000), () => assert.fail('it is not whole'));
  const grownMB = (process.memoryUsage().rss - before) / 2 ** 20;
  assert(grownMB < 200, `it has grown by ${grownMB} MB`);
});

test('whatever bytes come, nothing but messages and a FrameError comes out of them', () => {
  let errors = 0;
  forSeeds(2_000, (random) => {
    const bytes = random.pick([
      () => random.bytes(random.below(200)),
      () => {
        const spoilt = Buffer.from(write(random.list(5, () => randomFrame(random))));
        for (let count = random.below(5); count >= 0 && spoilt.length > 0; count--) {
          spoilt[random.below(Math.min(spoilt.length, 200))] = random.below(256);
        }
        return spoilt;
      },
    ])();
    try {
      read([bytes]);
    } catch (error) {
      assert(error instanceof FrameError, `${error}`);
      errors++;
    }
  });
  assert(errors > 500, `only ${errors} of 2,000 made no sense`);
});
