/** Answers to calls that were made before the console could run, by URL. */
export type EarlyCalls = ReadonlyMap<string, Promise<Response>>;

const untaken = new Map<string, Promise<Response>>();

export const keepEarlyCalls = (calls: EarlyCalls): void => {
  for (const [url, answer] of calls) untaken.set(url, answer);
};

/** The answer to a call that was made early, for whoever makes it first. */
export const takeEarlyCall = (url: string): Promise<Response> | undefined => {
  const answer = untaken.get(url);
  untaken.delete(url);
  return answer;
};
