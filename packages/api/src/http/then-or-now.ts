/** What `next` gives for `value`: at once where there is nothing to wait for, since a promise costs a turn of its own. */
export function thenOrNow<Value, Result>(
  value: Value | Promise<Value>,
  next: (value: Value) => Result | Promise<Result>,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(next) : next(value)
}
