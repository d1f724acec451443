import { Socket } from 'node:net';
import echo from '../../functions/echo.ts';
import whereabouts from '../../functions/whereabouts.ts';
import { readJsonLines, writeJsonLine } from './json-lines.ts';
import { type Call, socketDescriptor } from './socket.ts';

// The other end of the bare socket: a call comes in, its result goes out.
const socket = new Socket({ fd: socketDescriptor });
readJsonLines(socket, (value) => {
  const [task, args] = value as Call;
  writeJsonLine(socket, task === 'echo' ? echo(args) : whereabouts());
});
