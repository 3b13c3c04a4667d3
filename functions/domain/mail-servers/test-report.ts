import type { Language } from "../language.ts";
import { problemText } from "../problem-texts.ts";
import type { TestStage } from "./test-connection.ts";

const failureView = ({ code, upstream }: NonNullable<TestStage["problem"]>, language: Language) => {
  const { title, advice } = problemText(code, language);
  return { code, title, detail: advice, ...(upstream === null ? {} : { upstream }) };
};

const stageView = ({ stage, ms, problem }: TestStage, language: Language) =>
  problem === null
    ? { stage, ok: true as const, ms }
    : { stage, ok: false as const, ms, problem: failureView(problem, language) };

/** The stages of Test connection as the API shows them; `ok` if all have passed. */
export const testReport = (stages: readonly TestStage[], language: Language) => ({
  ok: stages.every(({ problem }) => problem === null),
  stages: stages.map((stage) => stageView(stage, language)),
});
