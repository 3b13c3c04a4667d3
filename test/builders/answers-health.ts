import { connect } from "node:net";

/** Asks nothing. A `fetch` that is refused takes ten times the processor time of a connection that is. */
const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });

/** Whether Relais, or a function of it, is up on this port of this machine. */
export const answersHealth = async (port: number): Promise<boolean> => {
  if (!(await isListening(port))) return false;
  return fetch(`http://127.0.0.1:${port}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
};
