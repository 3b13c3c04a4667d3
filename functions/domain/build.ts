declare const RELAIS_VERSION: string | undefined;
declare const RELAIS_COMMIT: string | undefined;

/** What a program was made from. */
export interface Build {
  readonly version: string;
  /** The commit's full id, with `-dirty` if the sources have changed since; `unknown` outside a git repository. */
  readonly commit: string;
}

export const UNKNOWN_COMMIT = "unknown";

/** What somebody who builds without a git repository may name as the commit. */
export const COMMIT_NAME = /^[\w.+-]{1,64}$/;

/** The build writes its version and commit into each bundle. Code that runs from its sources has neither. */
export const THIS_BUILD: Build = {
  version: typeof RELAIS_VERSION === "string" ? RELAIS_VERSION : "0.0.0-source",
  commit: typeof RELAIS_COMMIT === "string" ? RELAIS_COMMIT : UNKNOWN_COMMIT,
};
