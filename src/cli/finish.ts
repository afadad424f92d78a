/** How a command says what the process should end with; without it that is 0. */
export type Finish = (exitCode: number) => void;
