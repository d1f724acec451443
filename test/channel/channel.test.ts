import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { Channel } from '../../runtime/channel/channel.ts';
import type { EncodedValue } from '../../runtime/channel/codec.ts';
import { FrameError } from '../../runtime/channel/frame-format.ts';
import type { Envelope } from '../../runtime/channel/messages.ts';
import { PortTransport } from '../../runtime/channel/port-transport.ts';
import { SocketTransport } from '../../runtime/channel/socket-transport.ts';
import type { Transport } from '../../runtime/channel/transport.ts';
import type { Cleanup } from '../support/project.ts';
import { until, within } from '../support/wait.ts';

interface Message {
  readonly type: string;
  readonly number?: number;
}

/** A channel, with what came and how it was closed. */
class Side {
  readonly received: Envelope<Message>[] = [];
  readonly closes: (Error | undefined)[] = [];
  readonly channel: Channel<Message, Message>;

  constructor(transport: Transport) {
    this.channel = new Channel<Message, Message>(transport, {
      onMessage: (message, body) => this.received.push({ message, body }),
      onClose: (error) => this.closes.push(error),
    });
  }

  get types(): string[] {
    return this.received.map(({ message }) => message.type);
  }
}

const textOf = (body: EncodedValue | undefined) => (typeof body === 'string' ? body : undefined);

async function connectedSockets(test: Cleanup): Promise<[Socket, Socket]> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  server.close();
  test.after(() => [client, accepted as Socket].map((socket) => socket.destroy()));
  return [client, accepted as Socket];
}

const transports: [name: string, connect: (test: Cleanup) => Promise<Transport[]>][] = [
  [
    'a socket',
    async (test) =>
      (await connectedSockets(test)).map(
        (socket) => new SocketTransport({ incoming: socket, outgoing: socket }),
      ),
  ],
  [
    'a port',
    async (test) => {
      const { port1, port2 } = new MessageChannel();
      test.after(() => port1.close());
      return [port1, port2].map((port) => new PortTransport(port));
    },
  ],
];

for (const [name, connect] of transports) {
  const connectSides = async (test: Cleanup) =>
    (await connect(test)).map((transport) => new Side(transport)) as [Side, Side];

  test(`messages arrive in the order in which they were posted, both ways at once, over ${name}`, async (t) => {
    const [left, right] = await connectSides(t);
    const count = 5_000;
    for (let number = 0; number < count; number++) {
      left.channel.post({ type: 'left', number });
      right.channel.post({ type: 'right', number }, String(number));
      // In turns of 100.
      if (number % 100 === 0) await new Promise(setImmediate);
    }
    await until('all messages', () => left.received.length === count && right.received.length === count);
    assert(right.received.every(({ message }, index) => message.type === 'left' && message.number === index));
    assert(left.received.every(({ body }, index) => textOf(body) === String(index)));
  });

  test(`large bodies cross both ways at once, over ${name}`, async (t) => {
    const [left, right] = await connectSides(t);
    const bytes = randomBytes(10 * 2 ** 20);
    for (const { channel } of [left, right]) {
      for (let number = 0; number < 4; number++)
        channel.post({ type: 'large', number }, { codec: 'v8', bytes });
      channel.post({ type: 'last' });
    }
    for (const side of [left, right]) {
      await until('the last message', () => side.types.includes('last'));
      assert.deepEqual(side.types, ['large', 'large', 'large', 'large', 'last']);
      for (const { body } of side.received.slice(0, 4))
        assert(typeof body === 'object' && bytes.equals(body.bytes));
    }
  });

  test(`what was flushed arrives, also when the channel is closed right after it, over ${name}`, async (t) => {
    const [left, right] = await connectSides(t);
    const bytes = randomBytes(5 * 2 ** 20);
    left.channel.post({ type: 'large' }, { codec: 'v8', bytes });
    left.channel.post({ type: 'last' });
    await within('the flush', left.channel.flushed());
    left.channel.close();
    await until('the last message', () => right.types.includes('last'));
    assert.deepEqual(right.types, ['large', 'last']);
    await until('the close', () => right.closes.length === 1);
    assert.deepEqual(right.closes, [undefined]);
  });

  test(`a channel on ${name} is closed once, on both sides, and what is posted to it then is dropped`, async (t) => {
    const [left, right] = await connectSides(t);
    left.channel.close();
    await until('both closes', () => left.closes.length > 0 && right.closes.length > 0);
    for (const { channel } of [left, right]) {
      channel.post({ type: 'late' }, { codec: 'v8', bytes: Buffer.alloc(100_000) });
      await within('the flush', channel.flushed());
      channel.close();
    }
    await new Promise(setImmediate);
    assert.deepEqual([left.closes, right.closes], [[undefined], [undefined]]);
    assert.deepEqual([left.received, right.received], [[], []]);
  });

  test(`over ${name} what came with bytes that make no sense is received, and the channel closed with the error`, async (t) => {
    const [transport, other] = (await connect(t)) as [Transport, Transport];
    const side = new Side(other);
    const sender = new Side(transport);
    sender.channel.post({ type: 'good' });
    await sender.channel.flushed();
    transport.write([Buffer.alloc(100, 0xff)]);
    await until('the close', () => side.closes.length > 0 && sender.closes.length > 0);
    assert.deepEqual(side.types, ['good']);
    assert(side.closes[0] instanceof FrameError);
    assert.equal(side.closes.length, 1);
    assert.deepEqual(sender.closes, [undefined]);
  });
}

test('what is posted in one turn goes out in one write', async (t) => {
  const [left, right] = await connectedSockets(t);
  const sender = new Side(new SocketTransport({ incoming: left, outgoing: left }));
  const before = left.bytesWritten;
  assert.equal(before, 0);
  for (let number = 0; number < 50; number++) sender.channel.post({ type: 'one', number });
  const [chunk] = (await within('the bytes', once(right, 'data'))) as [Buffer];
  assert.equal(chunk.length, left.bytesWritten);
});

const endings: [what: string, end: (socket: Socket) => unknown][] = [
  ['ends its half', (socket) => socket.end()],
  ['is destroyed', (socket) => socket.destroy()],
  ['is reset', (socket) => socket.resetAndDestroy()],
  ['ends in the middle of a frame', (socket) => socket.end(Buffer.from([200, 0, 0, 0, 0, 9]))],
];

for (const [what, end] of endings) {
  test(`a channel whose other side ${what} is closed once, and what is posted to it then is dropped`, async (t) => {
    const [left, right] = await connectedSockets(t);
    left.on('error', () => {});
    const { channel, closes } = new Side(new SocketTransport({ incoming: right, outgoing: right }));
    end(left);
    channel.post({ type: 'into the void' }, { codec: 'v8', bytes: Buffer.alloc(1_000_000) });
    await until('the close', () => closes.length > 0);
    channel.post({ type: 'later' });
    await within('the flush', channel.flushed());
    channel.close();
    await new Promise(setImmediate);
    assert.deepEqual(closes, [undefined]);
  });
}
