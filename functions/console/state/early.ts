/** Answers to calls that `main.ts` made before the console could run, by URL. */
export type EarlyCalls = Map<string, Promise<Response>>;

let early: EarlyCalls = new Map();

export const expectEarlyCalls = (calls: EarlyCalls): void => {
  early = calls;
};

/** The answer to a read that was made early, given once. After a change, none of them holds. */
export const takeEarlyAnswer = (method: string, url: string): Promise<Response> | undefined => {
  if (method !== "GET") early.clear();
  const answer = early.get(url);
  early.delete(url);
  return answer;
};
