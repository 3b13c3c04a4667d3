import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { errorText } from "./error-text.ts";

/** PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Their texts, of which the key fits the certificate. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Throws if a file cannot be read, holds something else, or if the key is another certificate's. */
export const readCertificate = (files: CertificateFiles): Certificate => {
  const certificate = { cert: readFileSync(files.cert, "utf8"), key: readFileSync(files.key, "utf8") };
  createSecureContext(certificate);
  return certificate;
};

interface Watch {
  readonly everyMs: number;
  readonly onChange: (certificate: Certificate) => void;
  /** The files have changed and cannot be used; the former certificate stays. Told once for each fault. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Reads the files again and again, because a watch on them misses what a renewal does: links that are moved, files
 * that are replaced, one before the other. They are small. Returns a function that ends it.
 */
export const watchCertificate = (
  files: CertificateFiles,
  { cert, key }: Certificate,
  { everyMs, onChange, onFault }: Watch,
): (() => void) => {
  let current = { cert, key };
  let fault: string | null = null;
  const look = (): void => {
    try {
      const found = readCertificate(files);
      fault = null;
      if (found.cert === current.cert && found.key === current.key) return;
      current = found;
      onChange(found);
    } catch (error) {
      const text = errorText(error);
      if (text !== fault) onFault(error);
      fault = text;
    }
  };
  const timer = setInterval(look, everyMs);
  timer.unref();
  return () => clearInterval(timer);
};
