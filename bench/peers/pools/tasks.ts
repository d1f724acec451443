// The functions in the shape that jest-worker, tinypool and piscina load: one module, a default and named exports.
export { default as countdown } from '../../functions/countdown.ts';
export { default } from '../../functions/echo.ts';
export { default as whereabouts } from '../../functions/whereabouts.ts';
