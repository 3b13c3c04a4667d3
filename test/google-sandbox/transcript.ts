/** One SMTP session as both ends spoke it; tokens are redacted, and message contents left out. */
export interface SmtpTranscript {
  readonly id: string;
  readonly startedAtMs: number;
  /** The account's address once it is authenticated. */
  readonly account: string | null;
  /** `C: …` and `S: …`, in order; a reply of several lines is several entries. */
  readonly lines: readonly string[];
  readonly closed: boolean;
}

export interface TranscriptPen {
  client(line: string): void;
  server(line: string): void;
  authenticated(email: string): void;
  end(): void;
}

export interface Transcripts {
  open(id: string, startedAtMs: number): TranscriptPen;
  all(): readonly SmtpTranscript[];
  clear(): void;
}

export const newTranscripts = (): Transcripts => {
  let all: { id: string; startedAtMs: number; account: string | null; lines: string[]; closed: boolean }[] = [];
  return {
    open: (id, startedAtMs) => {
      const session = { id, startedAtMs, account: null as string | null, lines: [] as string[], closed: false };
      all.push(session);
      return {
        client: (line) => session.lines.push(`C: ${line}`),
        server: (line) => session.lines.push(`S: ${line}`),
        authenticated: (email) => {
          session.account = email;
        },
        end: () => {
          session.closed = true;
        },
      };
    },
    all: () => all.map((session) => ({ ...session, lines: [...session.lines] })),
    clear: () => {
      all = [];
    },
  };
};
