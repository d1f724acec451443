import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type InvocationId,
  InvocationIdReader,
  invocationIdBytes,
  newInvocationId,
} from '../../runtime/channel/invocation-id.ts';

const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The number that a ULID's text stands for, read as its specification says. */
const numberOf = (text: string) =>
  [...text].reduce((number, digit) => number * 32n + BigInt(digits.indexOf(digit)), 0n);

const bytesOf = (id: InvocationId) => {
  const bytes = Buffer.alloc(invocationIdBytes + 2, 0xee);
  assert.equal(id.write(bytes, 1), invocationIdBytes + 1);
  return bytes.subarray(1, -1);
};

test('an id is a ULID: 26 characters, with the time of now in the first 48 bits', () => {
  const before = Date.now();
  const { text } = newInvocationId();
  assert.match(text, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  const time = Number(numberOf(text) >> 80n);
  assert(time >= before && time <= Date.now(), `${time}`);
});

test('each id is greater than the one before, and none comes twice', () => {
  let last = '';
  for (let count = 0; count < 20_000; count++) {
    const { text } = newInvocationId();
    assert(text > last, `${text} after ${last}`);
    last = text;
  }
});

test('ids of different moments have nothing but the time in common', async () => {
  const randomParts = new Set<string>();
  for (let count = 0; count < 5; count++) {
    randomParts.add(newInvocationId().text.slice(10, 20));
    const now = Date.now();
    while (Date.now() === now) await new Promise(setImmediate);
  }
  assert.equal(randomParts.size, 5);
});

test('the bytes of an id are those of its number, and it comes back from them', () => {
  const reader = new InvocationIdReader();
  for (let count = 0; count < 1_000; count++) {
    const id = newInvocationId();
    const bytes = bytesOf(id);
    assert.equal(BigInt(`0x${bytes.toString('hex')}`), numberOf(id.text));
    assert.equal(reader.read(bytes, 0).text, id.text);
  }
});

test('the least and the greatest id are read as they are', () => {
  const reader = new InvocationIdReader();
  assert.equal(reader.read(Buffer.alloc(invocationIdBytes), 0).text, '0'.repeat(26));
  assert.equal(reader.read(Buffer.alloc(invocationIdBytes, 0xff), 0).text, `7${'Z'.repeat(25)}`);
});
