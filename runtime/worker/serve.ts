import { Channel } from '../channel/channel.ts';
import { decodeValue, type EncodedValue, encodeValue } from '../channel/codec.ts';
import type { JournalWriter } from '../channel/journal/writer.ts';
import type { FromWorker, InlineSource, ToWorker } from '../channel/messages.ts';
import type { Transport } from '../channel/transport.ts';
import { Conversation } from './conversation.ts';
import { Executor } from './executor.ts';
import { inlineFunction } from './inline.ts';
import { loadFunctions, prepare } from './load.ts';
import { memoryMB } from './memory.ts';
import type { MemoryGuard } from './memory-guard.ts';
import type { OutputCount } from './output.ts';
import { title } from './title.ts';

/** What a worker is served through; how that is made is what tells a process from a thread. */
export interface Connection {
  readonly transport: Transport;
  readonly journal: JournalWriter;
  /** A process has one: it can be ended for what it uses. */
  readonly memoryGuard?: MemoryGuard;
  /** Begins to capture what functions print. */
  captureOutput(channel: Channel<FromWorker, ToWorker>): OutputCount;
}

/**
 * Does what the runtime asks of this worker, until it says stop or is gone. No handler for uncaught errors, on purpose: as
 * in any Node program one ends the worker with its stack on stderr, and the runtime tells the invocation that ran. After
 * it nothing in this worker could be trusted.
 */
export function serve({ transport, journal, captureOutput, memoryGuard }: Connection): {
  readonly isEnding: boolean;
} {
  let executor: Executor | undefined;
  let conversation: Conversation | undefined;
  let isStopping = false;
  const channel = new Channel<FromWorker, ToWorker>(transport, {
    onMessage: (message, body) => void receive(message, body),
    // The runtime is gone: nobody waits for anything that runs here.
    onClose: () => process.exit(0),
  });
  const output = captureOutput(channel);

  async function receive(message: ToWorker, body: EncodedValue | undefined): Promise<void> {
    switch (message.type) {
      case 'prepare':
        process.title = title.spare;
        await prepare(message);
        break;
      case 'load': {
        const startedAt = performance.now();
        if (process.title === title.spare) process.title = title.worker;
        const loaded = await loadFunctions(message.functions, message.root, journal);
        memoryGuard?.load(loaded, message.maxMemory);
        executor = new Executor({ channel, journal, output, memoryGuard, functions: loaded, conversation });
        const descriptors = encodeValue(loaded.map((each) => each.descriptor));
        const loadMs = performance.now() - startedAt;
        channel.post({ type: 'ready', loadMs, memoryMB: memoryMB() }, descriptors);
        break;
      }
      case 'run':
        executor?.run(message, body);
        break;
      case 'taken':
        executor?.taken(message);
        break;
      case 'define':
        executor?.define(
          message.functionIndex,
          inlineFunction(decodeValue(body as EncodedValue) as InlineSource),
        );
        break;
      case 'abort':
        executor?.abort(message.run, body);
        break;
      case 'answer':
        executor?.answer(message, body);
        break;
      case 'told':
        executor?.told(message, body);
        break;
      case 'standsStill':
        await executor?.tellStillness(message.question);
        break;
      case 'converse':
        conversation = new Conversation(channel);
        break;
      case 'message':
        conversation?.receive(body);
        break;
      case 'messagesEnd':
        conversation?.endIncoming();
        break;
      case 'messagesRead':
        conversation?.read(message.count);
        break;
      case 'stop':
        isStopping = true;
        await executor?.stop();
        await channel.flushed();
        process.exit(0);
    }
  }

  return {
    /** Whether it was told to stop, or runs what was told to end. */
    get isEnding() {
      return isStopping || executor?.isAborting === true;
    },
  };
}
