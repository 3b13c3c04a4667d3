import { PassThrough } from "node:stream";
import type { SMTPServerDataStream } from "smtp-server";
import type { SMTPStream } from "smtp-server/lib/smtp-stream.js";

interface Sink {
  readonly part: (octets: Buffer) => void;
  /** `goOn` parses what follows the octets. */
  readonly end: (goOn: () => void) => void;
}

/** Makes the parser hand over so many octets, whatever they are (RFC 3030 §2), before it reads commands again. */
export const takeOctets = (parser: SMTPStream, count: number, sink: Sink): void => {
  let left = count;
  parser._dataMode = true;
  parser._feedDataStream = (chunk, done) => {
    const octets = chunk.subarray(0, left);
    left -= octets.length;
    if (octets.length > 0) sink.part(octets);
    if (left > 0) return done();
    Reflect.deleteProperty(parser, "_feedDataStream");
    parser._dataMode = false;
    sink.end(() => parser._write(chunk.subarray(octets.length), "buffer", done));
  };
};

/** A message that comes in chunks, as smtp-server hands out one that follows DATA. */
export const chunkedMessage = (): SMTPServerDataStream =>
  Object.assign(new PassThrough({ highWaterMark: Number.MAX_SAFE_INTEGER }), { byteLength: 0, sizeExceeded: false });
