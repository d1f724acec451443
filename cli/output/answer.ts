import type { InvocationAnswer } from '../../runtime/server/client.ts';
import { errorJson } from './error-json.ts';
import { printReport } from './failure.ts';
import { toJson } from './json-form.ts';
import { printReportLine } from './report-line.ts';
import { inspectForm, printResult } from './result.ts';
import { printJson } from './terminal.ts';

interface AnswerStyle {
  readonly functionName: string;
  readonly json: boolean;
  readonly raw: boolean;
  readonly verbose: boolean;
}

/** Prints how an invocation ended: the result on stdout, everything else on stderr; with `json` all of it on stdout. */
export function printAnswer(answer: InvocationAnswer, style: AnswerStyle): void {
  if (style.json) {
    printJson(jsonForm(answer, style));
    return;
  }
  if (answer.ok) printResult(answer.result, style);
  else printReport(answer.error, style);
  printReportLine(style.functionName, answer);
}

/** As `--json` prints it. `resultFormat` tells a program that the result is text, because JSON could not carry it. */
export function jsonForm(answer: InvocationAnswer, style: { readonly verbose: boolean }): object {
  if (!answer.ok) return { ...answer, error: errorJson(answer.error, style) };
  if (answer.result === undefined || toJson(answer.result, 0) !== undefined) return answer;
  return { ...answer, result: inspectForm(answer.result), resultFormat: 'inspect' };
}
