declare const relay: {
  /** Runs another program in this one's place: same terminal, same signals, same ending. */
  relay(command: string, args: readonly string[]): void;
  /** Ends this process as by SIGTERM when the process that relayed to it is gone. */
  followParent(): void;
  readonly RELAYED: string;
};
export = relay;
