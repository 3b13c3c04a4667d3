let path = "/messages";

/** The list of messages with its last filter, which a message's page links back to. */
export const rememberListPath = (filtered: string): void => {
  path = filtered;
};
export const listPath = (): string => path;
