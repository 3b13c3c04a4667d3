// placeholder: written by the runtime slice
export interface Config {
  readonly port: number;
  /** Without trailing slash. */
  readonly publicUrl: string;
  readonly store: "embedded" | "google";
  readonly dataDir: string;
  readonly google: {
    readonly issuer: string;
    readonly authorizationEndpoint: string;
    readonly tokenEndpoint: string;
    readonly revocationEndpoint: string;
    readonly jwksUri: string;
    readonly riscConfiguration: string;
  };
  readonly gmail: {
    readonly smtpHost: string;
    readonly smtpPort: number;
    readonly smtpSecurity: "tls" | "starttls";
    /** PEM text of the CA to trust instead of the system's; null: the system's. */
    readonly smtpCa: string | null;
    /** Without trailing slash. */
    readonly apiRootUrl: string;
  };
  readonly setupToken: import("../domain/secret.ts").Secret | null;
  readonly operators: readonly string[];
  readonly members: readonly string[];
  readonly callers: readonly string[];
  readonly retentionDays: number;
  readonly timeScale: number;
  /** `K_SERVICE` is set: running on Google Cloud. */
  readonly production: boolean;
}
