/**
 * Work that now and then waits for another place: it yields what it waits for. Work that waits for nothing runs through in one
 * go, without a turn of the event loop and without a promise.
 */
export type Steps<T> = Generator<Promise<void>, T, void>;
