/** The version of the whole product; a test keeps it equal to package.json. */
export const VERSION = '2.0.0'
