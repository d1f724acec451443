/** The longest frame that is written or accepted, in bytes: the longest Buffer of every platform Node 20 runs on. */
export const maxFrameBytes = 2 ** 31 - 1;

/** The longest value in a frame: beside it there are a head, with ids and names, and the frame's own fields. */
export const maxBodyBytes = maxFrameBytes - 2 ** 20;
