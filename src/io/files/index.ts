export { CONTROL_SOCKET_MAX_BYTES, controlSocketPath, type ControlSocketPlace } from './control-socket.ts';
export { syncDirectory, writeFileDurably, type DurableFileOptions } from './durable-file.ts';
export { errnoOf, fileError, type FileAction } from './file-fault.ts';
export { HomeLock } from './home-lock.ts';
export { isThere } from './is-there.ts';
export { ensurePrivateDir, type PrivateDirOptions } from './private-dir.ts';
export { readFileCapped } from './read-file.ts';
