// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Key, PauseTerms} from "../interfaces/IKeeperRegistry.sol";
import {CauseClass} from "../types/CauseClass.sol";

/// @title PauseBudget: when a key may pause again, and for how long; see `IKeeperRegistry.usePause`.
/// @dev Pauses of one key that no cool-down separates last no longer than `softTime` together: one of each class at most,
/// and the second one, which is then for the books, is shorter by the time of the first.
library PauseBudget {
    /// @return armedAt when `key` may pause for `class_`, seconds; type(uint256).max while the incident of its last pause stands
    /// @return time how long it may pause, seconds
    function next(
        Key memory key,
        CauseClass class_,
        PauseTerms calldata terms
    ) internal view returns (uint256 armedAt, uint256 time) {
        uint256 booksArmedAt = _booksArmedAt(key, terms);
        uint256 viewArmedAt = _armedAt(key.viewUntil, key.generation, terms);
        if (class_ == CauseClass.View) return (Math.max(booksArmedAt, viewArmedAt), terms.viewTime);
        bool isViewArmed = block.timestamp >= viewArmedAt;
        return (booksArmedAt, isViewArmed ? terms.softTime : terms.softTime - terms.viewTime);
    }

    /// @dev The key remembers one generation, that of its last pause. If that was a view's, the books were armed when it
    /// began, `viewTime` before its end, and are so still: a pause for a view never uses up one for the books.
    function _booksArmedAt(Key memory key, PauseTerms calldata terms) private pure returns (uint256) {
        uint256 viewTime = terms.viewTime;
        if (key.viewUntil >= uint256(key.booksUntil) + terms.coolDown + viewTime) return 0;
        return _armedAt(key.booksUntil, key.generation, terms);
    }

    /// @param until end of the last pause, zero if there was none
    /// @param generation in which it was
    function _armedAt(uint256 until, uint256 generation, PauseTerms calldata terms) private pure returns (uint256) {
        if (until == 0) return 0;
        if (generation == terms.generation) return type(uint256).max;
        // Only the end of the last incident is known. One before it ended before that began.
        uint256 end = generation + 1 == terms.generation ? Math.max(until, terms.liftedAt) : until;
        return end + terms.coolDown;
    }
}
