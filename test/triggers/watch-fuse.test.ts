import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startPool } from '../support/cli.ts';
import { makeProject, repository } from '../support/project.ts';

/** Runs a command where mounts are its own. */
const ownMounts = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']), '--mount'];

function reasonToSkip(): string | false {
  if (process.platform !== 'linux') return 'FUSE is of Linux';
  const [command = '', ...args] = [...ownMounts, 'sh', '-c', 'exec 3<>/dev/fuse'];
  return spawnSync(command, args).status !== 0 && 'nothing can be mounted through /dev/fuse here';
}

const skip = reasonToSkip();

interface Drive {
  /** The folder of the project that it is seen at. */
  readonly mountpoint?: string;
  /** Whether its listings tell files from folders. */
  readonly types?: 'typed' | 'untyped';
  /** Which files are taken up. */
  readonly match?: string;
  /** Files on it at the start, by their paths. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A `pool start` to which a folder of its project is a file system of another kind, written to by others. */
async function startOnDrive(t: TestContext, drive: Drive = {}) {
  const { mountpoint = 'inbox', types = 'typed', match = '*', files = {} } = drive;
  const project = makeProject(t, {
    'functions/read.js': `
      import fs from 'node:fs';
      export default ({ path }) => console.log('read', path, fs.readFileSync(path, 'utf8'));
    `,
    'pool.config.js': `
      import { defineConfig, watch } from 'warm-pool';
      const args = (file) => ({ path: file.path });
      const inbox = watch({ path: 'inbox', match: '${match}', invoke: 'read', args });
      export default defineConfig({ pool: { max: 1 }, triggers: [inbox] });
    `,
    'rows.mjs': rowsOfLooks,
  });
  fs.mkdirSync(project.path('drive'));
  for (const [path, content] of Object.entries(files)) project.write(`drive/${path}`, content);
  fs.mkdirSync(project.path(mountpoint), { recursive: true });
  const tsx = fileURLToPath(import.meta.resolve('tsx'));
  const mounted = [process.execPath, '--import', tsx, join(repository, 'test/triggers/support-fuse.ts')];
  const service = startPool(t, project, ['start', '--log-level', 'debug'], {
    within: [...ownMounts, ...mounted, types, project.path('drive'), project.path(mountpoint)],
    env: { NODE_OPTIONS: `--import=${pathToFileURL(project.path('rows.mjs'))}` },
  });
  await service.says(/"ready: /);
  return { project, service };
}

// Loaded into the runtime: tells of each row of synchronous looks that is longer than all before it. Other work can be done
// only between two rows.
const rowsOfLooks = `
  import fs from 'node:fs';
  const { lstatSync } = fs;
  let row = 0;
  let longest = 0;
  fs.lstatSync = (...args) => {
    if (row === 0) setImmediate(() => (row = 0));
    row += 1;
    if (String(args[0]).includes('inbox') && row > longest) {
      longest = row;
      process.stderr.write('looks in a row: ' + row + '\\n');
    }
    return lstatSync(...args);
  };
`;

/** The longest row of synchronous looks so far. */
function longestRow(stderr: string): number {
  return Math.max(0, ...[...stderr.matchAll(/looks in a row: (\d+)/g)].map(([, row]) => Number(row)));
}

test('on a file system that reports nothing, what others write is found within seconds', {
  skip,
}, async (t) => {
  const { project, service } = await startOnDrive(t);
  await service.says(/"inbox is polled every 1 s: it is on FUSE, where nothing tells of what others write"/);
  project.write('drive/a.txt', 'first');
  await service.says(/read \S+inbox\/a\.txt first/);
  project.write('drive/album/2024/b.txt', 'nested');
  await service.says(/read \S+inbox\/album\/2024\/b\.txt nested/);
  // In place, as a program on another machine may do it.
  fs.writeFileSync(project.path('drive/a.txt'), 'second version');
  await service.says(/read \S+inbox\/a\.txt second version/);
  project.remove('drive/album');
  project.write('drive/album/2024/c.txt', 'once more');
  await service.says(/read \S+inbox\/album\/2024\/c\.txt once more/);
  assert.equal(service.stderr().match(/is polled every/g)?.length, 1, 'it is said of the folder at the top');
});

test('a file system below the watched folder is polled, and the rest is not', { skip }, async (t) => {
  const { project, service } = await startOnDrive(t, { mountpoint: 'inbox/nas' });
  await service.says(/"inbox\/nas is polled every 1 s: it is on FUSE/);
  project.write('drive/a.txt', 'first');
  await service.says(/read \S+inbox\/nas\/a\.txt first/);
  fs.writeFileSync(project.path('drive/a.txt'), 'second version');
  await service.says(/read \S+inbox\/nas\/a\.txt second version/);
  project.write('inbox/here.txt', 'local');
  await service.says(/read \S+inbox\/here\.txt local/);
  assert.doesNotMatch(service.stderr(), /"inbox is polled/);
});

/** Files of this many names, each of its name as content. */
function manyFiles(count: number, extension: string): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const name = `${String(index).padStart(4, '0')}.${extension}`;
      return [name, name];
    }),
  );
}

test("where a file system doesn't tell files from folders, few files in a row are asked for while all else waits", {
  skip,
}, async (t) => {
  const { project, service } = await startOnDrive(t, {
    types: 'untyped',
    match: '*.txt',
    files: { ...manyFiles(300, 'other'), 'album/a.txt': 'nested' },
  });
  await service.says(/read \S+inbox\/album\/a\.txt nested/);
  project.write('drive/b.txt', 'later');
  await service.says(/read \S+inbox\/b\.txt later/);
  const row = longestRow(service.stderr());
  assert.ok(row > 0, 'there are any');
  // 16 in each of the two folders.
  assert.ok(row <= 32, `${row} looks in a row`);
});

test('a file that vanishes while its folder is read takes nothing along', { skip }, async (t) => {
  const { project, service } = await startOnDrive(t, {
    types: 'untyped',
    files: { ...manyFiles(20, 'txt'), 'vanished-0.txt': '', 'album/vanished-1.txt': '', 'album/z.txt': 'z' },
  });
  await service.says(/read \S+inbox\/0019\.txt 0019/);
  await service.says(/read \S+inbox\/album\/z\.txt z/);
  project.write('drive/album/later.txt', 'later');
  await service.says(/read \S+inbox\/album\/later\.txt later/);
  project.write('drive/zz.txt', 'last');
  await service.says(/read \S+inbox\/zz\.txt last/);
  assert.equal(service.stderr().match(/read \S+inbox/g)?.length, 23, 'each file is read once');
  assert.doesNotMatch(service.stderr(), /is gone|can't be read|there again/);
});
