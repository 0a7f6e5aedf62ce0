/** Exports of keeper/books/layout that generated code calls, by file. */
export const RUNTIME: Readonly<Record<string, readonly string[]>> = {
  "bytesWords.ts": ["decodeBytesWords", "encodeBytesWords"],
  "readLog.ts": [
    "checkEnd",
    "checkLog",
    "DYNAMIC",
    "readAddress",
    "readBool",
    "readBytes",
    "readFixedBytes",
    "readInt",
    "readTailLength",
    "readUint",
    "wordsOfBytes",
  ],
  "slots.ts": ["addressSlot", "addSlot", "boolSlot", "bytesSlot", "dataSlot", "dynamicKeySlot", "intSlot", "uintSlot"],
  "wordFields.ts": ["boolBits", "hexBits", "hexOf", "indexWithin", "intBits", "replaceBits", "uintBits"],
};

/** Types of keeper/books/layout that generated code names, by file. */
export const RUNTIME_TYPES: Readonly<Record<string, readonly string[]>> = {
  "Layout.ts": ["Layout"],
  "readLog.ts": ["LogData"],
};
