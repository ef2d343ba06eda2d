declare const brand: unique symbol;

/** A nominal type: `T` that went through the one function that may call it `B`. */
export type Brand<T, B extends string> = T & { readonly [brand]: B };
