import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { makePoolProject, startService } from '../support/cli.ts';
import type { Project } from '../support/project.ts';
import { until } from '../support/wait.ts';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { error?: { code: string; message: string } };
}

/** What any HTTP client sees of the control API. */
function ask(project: Project, method: string, path: string, body?: string | Buffer): Promise<Answer> {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const socketPath = project.path('.pool', 'control.sock');
    const asking = request({ socketPath, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          body: JSON.parse(Buffer.concat(chunks).toString('utf8')),
        });
      });
    });
    asking.once('error', reject);
    asking.end(body);
  });
}

test('the control API answers any HTTP client, and tells what is wrong', async (t) => {
  const project = makePoolProject(t);
  await startService(t, project);
  const invoke = (name: string, body?: string) =>
    ask(project, 'POST', `/functions/${name}/invocations`, body);

  const retry = (body: string) => ask(project, 'POST', '/files/retry', body);

  const greeting = await invoke('greet', '{"args":{"name":"Ada"}}');
  assert.equal(greeting.status, 200);
  assert.equal(greeting.body.result, 'Hello Ada!');
  assert.equal((await invoke('nested%2Fname')).body.result, 'nested');
  const exact = await invoke('values', '{"args":{"name":"map"}}');
  assert.equal(exact.body.resultEncoding, 'v8');

  const failures: [answer: Answer, status: number, code: string, message: RegExp][] = [
    [await invoke('greet', '{"args":'), 400, 'FST_ERR_CTP_INVALID_JSON_BODY', /not valid JSON/],
    [
      await invoke('greet', '{"timeoutMs":"1"}'),
      400,
      'BAD_REQUEST',
      /`timeoutMs` to be a number of ms above 0, or null for no limit, got '1' \(string\)/,
    ],
    [
      await invoke('greet', '{"retry":{"attempts":0}}'),
      400,
      'BAD_REQUEST',
      /In the body: expected the `retry.attempts` option to be a whole number .*, got 0/,
    ],
    [await invoke('greet', '{"retry":3}'), 400, 'BAD_REQUEST', /the `retry` option to be an object/],
    [
      await invoke('greet', '[]'),
      400,
      'BAD_REQUEST',
      /the body to be an object with `args`, got \[\] \(object\)/,
    ],
    [await invoke('greet', '{"argz":1}'), 400, 'BAD_REQUEST', /in the body, got `argz` too/],
    [await invoke('greet', '{"cancelKey":1}'), 400, 'BAD_REQUEST', /`cancelKey` to be a text, got 1/],
    [await ask(project, 'POST', '/cancel', '{}'), 400, 'BAD_REQUEST', /`cancelKey` and `reason`/],
    [
      await ask(project, 'POST', '/cancel', '{"cancelKey":"a","reason":"b"}'),
      404,
      'NO_SUCH_INVOCATION',
      /`cancelKey` "a" is under way/,
    ],
    [await invoke('greet', '{"args":{}}'), 422, 'INVALID_INPUT', /name: expected a string/],
    [await invoke('greets', '{}'), 404, 'FUNCTION_NOT_FOUND', /did you mean "greet"/],
    [await invoke('throws', '{}'), 500, 'FUNCTION_FAILED', /it is full/],
    [await invoke('waits', '{"timeoutMs":50}'), 504, 'TIMEOUT', /50 ms/],
    [await ask(project, 'GET', '/functions/greets'), 404, 'FUNCTION_NOT_FOUND', /did you mean "greet"/],
    [await ask(project, 'GET', '/functions/nothing'), 404, 'FUNCTION_NOT_FOUND', /no function "nothing"/],
    [
      await ask(project, 'GET', '/files?state=finished'),
      400,
      'BAD_REQUEST',
      /a state: arriving, .*'finished'/,
    ],
    [await ask(project, 'GET', '/files?stat=done'), 400, 'BAD_REQUEST', /`state` in the query, got `stat`/],
    [
      await retry('{"paths":["inbox/a.jpg"]}'),
      400,
      'BAD_REQUEST',
      /list of absolute paths, or "all", got \[/,
    ],
    [await retry('{"paths":"some"}'), 400, 'BAD_REQUEST', /got 'some' \(string\)/],
    [await ask(project, 'GET', '/nothing'), 404, 'NO_SUCH_ROUTE', /has no GET \/nothing/],
  ];
  for (const [{ status, body }, expectedStatus, code, message] of failures) {
    assert.equal(body.error?.code, code);
    assert.match(body.error.message, message);
    assert.equal(status, expectedStatus);
  }

  const described = await ask(project, 'GET', '/functions/nested%2Fname');
  assert.equal(described.body.name, 'nested/name');
});

test('the control API cancels an invocation by the key that its caller gave, and then answers how it ended', async (t) => {
  const project = makePoolProject(t);
  const service = await startService(t, project);
  const invoked = ask(project, 'POST', '/functions/waits/invocations', '{"cancelKey":"mine"}');
  await service.says(/"waiting"/);
  const cancel = () => ask(project, 'POST', '/cancel', '{"cancelKey":"mine","reason":"enough of it"}');
  assert.equal((await cancel()).status, 202);
  const { status, body } = await invoked;
  assert.deepEqual([status, body.error?.code], [499, 'CANCELLED']);
  assert.match(body.error?.message ?? '', /cancelled: enough of it/);
  assert.equal(typeof body.invocationId, 'string');
  await until('the end of the key', async () => (await cancel()).status === 404);
});

test('the control API takes 64 MB of arguments', async (t) => {
  const project = makePoolProject(t);
  await startService(t, project);
  const args = 'x'.repeat(64 * 2 ** 20);
  const { status, body } = await ask(
    project,
    'POST',
    '/functions/echo/invocations',
    JSON.stringify({ args }),
  );
  assert.equal(status, 200);
  assert.equal((body.result as { input: string }).input.length, args.length);
});
