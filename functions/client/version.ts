declare const RELAIS_CLIENT_VERSION: string | undefined;

/** The build writes the package's version here. */
export const VERSION: string = typeof RELAIS_CLIENT_VERSION === "string" ? RELAIS_CLIENT_VERSION : "0.0.0-source";
