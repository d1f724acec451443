import { test } from 'node:test';
import { FolderWatcher } from '../../runtime/functions/folder-watcher.ts';
import { makeProject } from '../support/project.ts';
import { until, within } from '../support/wait.ts';

test('what goes wrong while a change is followed is told, and the next one is followed', async (t) => {
  const project = makeProject(t, { 'functions/greet.js': '' });
  const told: string[] = [];
  let changes = 0;
  const watcher = new FolderWatcher(
    [project.path('functions')],
    () => {
      throw new Error(`change ${++changes}`);
    },
    (error) => told.push(error.message),
  );
  t.after(() => watcher.close());
  await within('the watch', watcher.ready);
  project.write('functions/greet.js', 'export default () => 1;');
  await until('the first error', () => told.includes('change 1'));
  project.write('functions/crop.js', 'export default () => 2;');
  await until('the second error', () => told.includes('change 2'));
});
