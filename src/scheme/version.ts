/**
 * Version of the numbers: raised whenever a change moves any result of any tier by more than nothing, so that stored
 * results of an older scheme are never taken for those of this one.
 */
export const schemeVersion = 2;
