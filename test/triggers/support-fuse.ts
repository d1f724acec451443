// A file system of another kind, for a program to run on: `support-fuse.ts TYPES SOURCE MOUNTPOINT COMMAND ARG...` shows
// the folder SOURCE at MOUNTPOINT through FUSE, for reading only, and runs the command. What is written to SOURCE is to that
// command what another machine writes to a network drive: it is there, and no event tells of it.
//
// With `typed` as TYPES a listing tells files from folders, with `untyped` it says nothing of what an entry is. A file whose
// name begins with `vanished` is listed, and gone when somebody looks at it: as if it had been removed in between.
//
// To be started in a mount namespace of its own: nobody else sees the mount, and it goes with the last process in it.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const [types = '', source = '', mountpoint = '', command = '', ...args] = process.argv.slice(2);

const device = fs.openSync('/dev/fuse', 'r+');
const options = `fd=3,rootmode=40000,user_id=0,group_id=0`;
const mount = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'test', mountpoint], {
  stdio: ['ignore', 'inherit', 'inherit', device],
});
if (mount.status !== 0) throw new Error(`mount failed with ${mount.status}`);

// Node waits for its threads when it exits, and one of them waits for the next request.
const end = () => process.kill(process.pid, 'SIGKILL');
spawn(command, args, { stdio: 'inherit' }).on('exit', end);

const paths = new Map<bigint, string>([[1n, source]]);
const ids = new Map<string, bigint>([[source, 1n]]);

function idOf(file: string): bigint {
  const id = ids.get(file) ?? BigInt(ids.size + 1);
  ids.set(file, id);
  paths.set(id, file);
  return id;
}

const LOOKUP = 1;
const FORGET = 2;
const GETATTR = 3;
const OPEN = 14;
const READ = 15;
const STATFS = 17;
const RELEASE = 18;
const FLUSH = 25;
const INIT = 26;
const OPENDIR = 27;
const READDIR = 28;
const RELEASEDIR = 29;
const INTERRUPT = 36;
const BATCH_FORGET = 42;
const unanswered = [FORGET, INTERRUPT, BATCH_FORGET];

const HEADER_BYTES = 40;
const ENOENT = 2;
const ENOSYS = 38;

const request = Buffer.alloc(1024 ** 2);
const listings = new Map<bigint, fs.Dirent[]>();

function serve(): void {
  fs.read(device, request, 0, request.length, null, (error, length) => {
    // An interrupted request, or one that was withdrawn meanwhile.
    if (error && error.code !== 'EINTR' && error.code !== 'ENOENT') throw error;
    if (!error) answer(request.subarray(0, length));
    serve();
  });
}

function answer(message: Buffer): void {
  const opcode = message.readUInt32LE(4);
  if (unanswered.includes(opcode)) return;
  let body: Buffer = Buffer.alloc(0);
  let errno = 0;
  try {
    const file = paths.get(message.readBigUInt64LE(16)) ?? '';
    const reply = replyTo(opcode, file, message.subarray(HEADER_BYTES));
    if (reply) body = reply;
    else errno = opcode === LOOKUP ? ENOENT : ENOSYS;
  } catch (error) {
    errno = Math.abs((error as { errno?: number }).errno ?? ENOENT);
  }
  const head = Buffer.alloc(16);
  head.writeUInt32LE(head.length + body.length, 0);
  head.writeInt32LE(-errno, 4);
  message.copy(head, 8, 8, 16);
  fs.writeSync(device, Buffer.concat([head, body]));
}

function replyTo(opcode: number, file: string, input: Buffer): Buffer | undefined {
  switch (opcode) {
    case INIT:
      return words([7, 31, 65_536, 0, 0, 131_072, 1, ...Array<number>(9).fill(0)]);
    case LOOKUP: {
      const child = path.join(file, input.subarray(0, input.indexOf(0)).toString());
      if (path.basename(child).startsWith('vanished')) return undefined;
      const attributes = attributesOf(child);
      return Buffer.concat([longs([idOf(child), 0n, 0n, 0n]), words([0, 0]), attributes]);
    }
    case GETATTR:
      return Buffer.concat([longs([0n]), words([0, 0]), attributesOf(file)]);
    case OPEN:
      // With direct I/O: nothing is remembered of what was read.
      return openReply(BigInt(fs.openSync(file, 'r')), 1);
    case READ: {
      const bytes = Buffer.alloc(input.readUInt32LE(16));
      const position = Number(input.readBigUInt64LE(8));
      const length = fs.readSync(Number(input.readBigUInt64LE(0)), bytes, 0, bytes.length, position);
      return bytes.subarray(0, length);
    }
    case RELEASE:
      fs.closeSync(Number(input.readBigUInt64LE(0)));
      return Buffer.alloc(0);
    case FLUSH:
      return Buffer.alloc(0);
    case OPENDIR: {
      const handle = BigInt(listings.size + 1);
      listings.set(handle, fs.readdirSync(file, { withFileTypes: true }));
      return openReply(handle, 0);
    }
    case READDIR:
      return entriesFrom(listings.get(input.readBigUInt64LE(0)) ?? [], input);
    case RELEASEDIR:
      listings.set(input.readBigUInt64LE(0), []);
      return Buffer.alloc(0);
    case STATFS:
      return Buffer.concat([
        longs([0n, 0n, 0n, 0n, 0n]),
        words([4096, 255, 4096, ...Array<number>(7).fill(0)]),
      ]);
    default:
      return undefined;
  }
}

function openReply(handle: bigint, flags: number): Buffer {
  return Buffer.concat([longs([handle]), words([flags, 0])]);
}

function attributesOf(file: string): Buffer {
  const { ino, size, blocks, atimeNs, mtimeNs, ctimeNs, mode, nlink } = fs.lstatSync(file, { bigint: true });
  const second = 1_000_000_000n;
  const times = [atimeNs, mtimeNs, ctimeNs];
  return Buffer.concat([
    longs([ino, size, blocks, ...times.map((time) => time / second)]),
    words([...times.map((time) => Number(time % second)), Number(mode), Number(nlink), 0, 0, 0, 4096, 0]),
  ]);
}

function entriesFrom(entries: readonly fs.Dirent[], input: Buffer): Buffer {
  const room = input.readUInt32LE(16);
  const reply: Buffer[] = [];
  let length = 0;
  for (let index = Number(input.readBigUInt64LE(8)); index < entries.length; index += 1) {
    const entry = entries[index] as fs.Dirent;
    const name = Buffer.from(entry.name);
    const kind = types === 'untyped' ? 0 : entry.isDirectory() ? 4 : 8;
    const head = Buffer.concat([longs([BigInt(index + 2), BigInt(index + 1)]), words([name.length, kind])]);
    const padding = Buffer.alloc((8 - (name.length % 8)) % 8);
    length += head.length + name.length + padding.length;
    if (length > room) break;
    reply.push(head, name, padding);
  }
  return Buffer.concat(reply);
}

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}

function longs(values: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [index, value] of values.entries()) bytes.writeBigUInt64LE(value, index * 8);
  return bytes;
}

serve();
