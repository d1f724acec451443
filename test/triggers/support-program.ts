// A program with nothing in it but a started trigger: it prints each file, and stops the trigger at `stop.txt`.
import { watch } from '../../runtime/triggers/watch/watch.ts';
import { TestPool } from './support-pool.ts';

const root = process.argv[2] ?? '';
const trigger = watch({ path: 'inbox', invoke: 'print', args: (file) => file.relativePath });
const pool = new TestPool({
  root,
  handler: ({ args }) => {
    console.log(args);
    if (args === 'stop.txt') void trigger.stop();
  },
});
await trigger.start(pool.context);
console.log('watching');
