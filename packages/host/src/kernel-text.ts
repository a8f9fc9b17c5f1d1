/**
 * What a file of the kernel said: the first `length` bytes of `bytes`. It is valid until the next file is read, since all
 * reads share one buffer.
 */
export interface KernelText {
  readonly bytes: Uint8Array
  readonly length: number
}

/** Turns a text into a value; undefined when it is not what the kernel writes there. */
export type Parse<Value> = (text: KernelText) => Value | undefined
