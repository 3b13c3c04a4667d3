let path = "/messages";

/** The list of messages as it was last filtered: the way back from a message leads there. */
export const keepListPath = (filtered: string): void => {
  path = filtered;
};
export const listPath = (): string => path;
