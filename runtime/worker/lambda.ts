import type { FunctionContext } from './context.ts';

/**
 * Runs an AWS Lambda handler as it is. The context has what a handler reads of Lambda's
 * (https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html) beside this project's own; a handler that
 * takes a third parameter is given Lambda's callback.
 */
export function lambdaHandler(
  handler: (event: unknown, context: object, callback?: LambdaCallback) => unknown,
): (event: unknown, context: FunctionContext) => unknown {
  return (event, context) => {
    const lambdaContext = lambdaContextOf(context);
    if (handler.length < 3) return handler(event, lambdaContext);
    return new Promise((resolve, reject) => {
      const returned = handler(event, lambdaContext, (error, result) => {
        // Lambda takes a string for an error as well.
        if (error === null || error === undefined) resolve(result);
        else reject(typeof error === 'string' ? new Error(error) : error);
      });
      // An async handler may declare the callback and not use it.
      if (returned instanceof Promise) returned.then(resolve, reject);
    });
  };
}

function lambdaContextOf(context: FunctionContext) {
  const { functionName, version, invocationId } = context;
  return {
    awsRequestId: invocationId,
    functionName,
    functionVersion: version,
    invokedFunctionArn: `arn:aws:lambda:local:000000000000:function:${functionName}`,
    memoryLimitInMB: String(Math.round(process.constrainedMemory() / 2 ** 20) || 0),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: String(process.pid),
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => context.remainingTime(),
    // The context's own, each made only when it is asked for.
    cwd: context.cwd,
    invocationId,
    version,
    attempt: context.attempt,
    get signal() {
      return context.signal;
    },
    get log() {
      return context.log;
    },
    get remainingTime() {
      return context.remainingTime;
    },
    get progress() {
      return context.progress;
    },
    get invoke() {
      return context.invoke;
    },
    get shared() {
      return context.shared;
    },
    get messages() {
      return context.messages;
    },
    get send() {
      return context.send;
    },
  } satisfies FunctionContext & Record<string, unknown>;
}

type LambdaCallback = (error?: unknown, result?: unknown) => void;
