/** Answers to calls that `main.ts` made before the console could run, by URL. */
export type EarlyCalls = Map<string, Promise<Response>>;

let early: EarlyCalls = new Map();

export const expectEarlyCalls = (calls: EarlyCalls): void => {
  early = calls;
};

/** The answer to a call that was made early, for whoever makes it first. */
export const takeEarlyCall = (url: string): Promise<Response> | undefined => {
  const answer = early.get(url);
  early.delete(url);
  return answer;
};
