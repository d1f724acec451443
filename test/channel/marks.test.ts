import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { MarkReader, MarkWriter } from '../../runtime/channel/marks.ts';

const skip = process.platform === 'win32' && 'an open file can not be unlinked there';

test('the reader sees the last mark that was made', { skip }, () => {
  const reader = new MarkReader();
  try {
    assert.deepEqual([reader.loading(), reader.started()], [undefined, 0]);
    const writer = new MarkWriter(reader.fd as number);
    writer.loading(3);
    assert.deepEqual([reader.loading(), reader.started()], [3, 0]);
    writer.loading(0);
    assert.equal(reader.loading(), 0);
    writer.loaded();
    writer.started(1);
    writer.started(2 ** 31 - 1);
    assert.deepEqual([reader.loading(), reader.started()], [undefined, 2 ** 31 - 1]);
  } finally {
    reader.close();
  }
});

test('marks leave no file, not even while they are in use', { skip }, () => {
  const reader = new MarkReader();
  try {
    assert.equal(fs.fstatSync(reader.fd as number).nlink, 0);
  } finally {
    reader.close();
  }
});

test('a worker without a file for its marks goes on without them', () => {
  const unusedFd = 1_000_000;
  const writer = new MarkWriter(unusedFd);
  writer.loading(0);
  writer.loaded();
  writer.started(1);
});
