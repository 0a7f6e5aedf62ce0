// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Checkpoint, CheckpointStatus} from "../interfaces/ICheckpointRegistry.sol";

/// @dev Checkpoints kept. Bounds every search.
uint256 constant RING_SIZE = 64;

/// @title The checkpoints that are kept, and how one is found among them.
/// @dev The checkpoint at place n, the n-th post (counted from zero, replaced ones not counted), stands in the ring at
/// `n % RING_SIZE`. Of `posts` so far, the last RING_SIZE are kept. Their block numbers ascend with their places.
library CheckpointRing {
    /// @notice The checkpoint at `place`, if it is kept.
    function entry(Checkpoint[RING_SIZE] storage ring, uint256 place) internal view returns (Checkpoint storage) {
        return ring[place % RING_SIZE];
    }

    /// @notice Place of the oldest checkpoint that is kept.
    function oldest(uint256 posts) internal pure returns (uint256) {
        return posts > RING_SIZE ? posts - RING_SIZE : 0;
    }

    /// @notice Whether the checkpoint of `blockNumber` is kept, and where.
    /// @dev Most who ask mean the newest post or a block above it, so that is looked at first.
    function find(
        Checkpoint[RING_SIZE] storage ring,
        uint256 posts,
        uint64 blockNumber
    ) internal view returns (bool isKnown, uint256 place) {
        if (posts == 0) return (false, 0);
        uint64 newest = entry(ring, posts - 1).blockNumber;
        if (blockNumber >= newest) return (blockNumber == newest, posts - 1);
        // The newest one is above, so that there is a place.
        place = firstFrom(ring, posts, blockNumber);
        isKnown = entry(ring, place).blockNumber == blockNumber;
    }

    /// @notice The oldest place whose block is not below `blockNumber`; `posts` if there is none. Binary search.
    function firstFrom(
        Checkpoint[RING_SIZE] storage ring,
        uint256 posts,
        uint64 blockNumber
    ) internal view returns (uint256 low) {
        low = oldest(posts);
        uint256 high = posts;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (entry(ring, middle).blockNumber < blockNumber) low = middle + 1;
            else high = middle;
        }
    }

    /// @notice The newest place below `place` that is not convicted.
    function validBelow(
        Checkpoint[RING_SIZE] storage ring,
        uint256 posts,
        uint256 place
    ) internal view returns (bool, uint256) {
        uint256 last = oldest(posts);
        while (place > last) if (entry(ring, --place).status != CheckpointStatus.Convicted) return (true, place);
        return (false, 0);
    }
}
