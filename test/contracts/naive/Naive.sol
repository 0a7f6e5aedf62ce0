// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// What other protocols were, each without one protection that Lockstep has: for tests that show what that costs.

interface IToken {
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
    function balanceOf(address account) external view returns (uint256);
}

/// @notice Can be initialised by anybody at any time, takes zero for a proven root, credits what was asked for and not what came,
/// and pays before it books.
contract NaiveVault {
    address public owner;
    mapping(bytes32 root => uint256) public confirmedAt;
    mapping(bytes32 message => bytes32) public rootOf;
    mapping(IToken token => mapping(address user => uint256)) public credited;

    function initialize(address owner_) external {
        owner = owner_;
        confirmedAt[bytes32(0)] = 1;
    }

    function sweep(IToken token) external {
        require(msg.sender == owner, "not the owner");
        token.transfer(owner, token.balanceOf(address(this)));
    }

    function deposit(IToken token, uint256 amount) external {
        token.transferFrom(msg.sender, address(this), amount);
        credited[token][msg.sender] += amount;
    }

    function withdraw(IToken token, uint256 amount) external {
        require(credited[token][msg.sender] >= amount, "too much");
        token.transfer(msg.sender, amount);
        unchecked {
            credited[token][msg.sender] -= amount;
        }
    }

    function process(IToken token, uint256 amount, address to) external {
        bytes32 root = rootOf[keccak256(abi.encode(token, amount, to))];
        require(confirmedAt[root] != 0 && confirmedAt[root] <= block.timestamp, "not proven");
        token.transfer(to, amount);
    }
}

/// @notice Runs the code that the slot of EIP-1967 names.
contract NaiveProxy {
    bytes32 private constant SLOT = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

    constructor(address implementation) {
        assembly {
            sstore(SLOT, implementation)
        }
    }

    fallback() external {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), sload(SLOT), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch ok
            case 0 {
                revert(0, returndatasize())
            }
            default {
                return(0, returndatasize())
            }
        }
    }
}

/// @notice What a thief puts behind a proxy.
contract NaiveThief {
    function sweep(IToken token) external {
        token.transfer(tx.origin, token.balanceOf(address(this)));
    }
}

/// @notice Calls the contract that is paid with it, as tokens after ERC-777 do.
contract CallingToken {
    mapping(address account => uint256) public balanceOf;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(msg.sender, to, amount);
        if (to.code.length > 0) Reenterer(to).onReceived(msg.sender, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        _move(from, to, amount);
        return true;
    }

    function _move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @notice Withdraws again from within a withdrawal, as long as there is any.
contract Reenterer {
    function enter(NaiveVault vault, CallingToken token, uint256 amount) external {
        vault.deposit(IToken(address(token)), amount);
        vault.withdraw(IToken(address(token)), amount);
    }

    function onReceived(address from, uint256 amount) external {
        IToken token = IToken(msg.sender);
        if (token.balanceOf(from) >= amount) NaiveVault(from).withdraw(token, amount);
    }
}

/// @notice Believes whatever its keeper once signed: of any height, branch, chain, contract and pause. Its guardian does both.
contract NaiveSync {
    address public immutable KEEPER;
    address public immutable GUARDIAN;
    uint256 public newestNumber;
    bytes32 public newestRoot;
    bool public isPaused;
    uint256 public pausedUntil;

    constructor(address keeper, address guardian) {
        (KEEPER, GUARDIAN) = (keeper, guardian);
    }

    function post(uint256 number, bytes32 blockHash, bytes32 root, bytes32 r, bytes32 s, uint8 v) external {
        _check(keccak256(abi.encode(number, blockHash, root)), r, s, v);
        (newestNumber, newestRoot) = (number, root);
    }

    function resume(bytes32 incident, bytes32 r, bytes32 s, uint8 v) external {
        _check(incident, r, s, v);
        isPaused = false;
    }

    function setPaused(bool isPaused_) external {
        require(msg.sender == GUARDIAN, "not the guardian");
        isPaused = isPaused_;
    }

    function pauseFor(uint256 time) external {
        require(msg.sender == GUARDIAN, "not the guardian");
        pausedUntil = block.timestamp + time;
    }

    /// @dev Whether anybody has looked at the books since is no part of it.
    function isOpen() external view returns (bool) {
        return !isPaused && block.timestamp >= pausedUntil;
    }

    function _check(bytes32 digest, bytes32 r, bytes32 s, uint8 v) private view {
        require(ecrecover(digest, v, r, s) == KEEPER, "not the keeper");
    }
}

/// @notice One market against one pool of money. Its pause stops whoever adds margin, and nobody who liquidates; what a loser lacks
/// is paid to the winner all the same.
contract NaiveMarket {
    IToken public immutable TOKEN;
    mapping(address user => int256) public balanceOf;
    mapping(address user => int256) public required;
    bool public isPaused;

    constructor(IToken token) {
        TOKEN = token;
    }

    function setPaused(bool isPaused_) external {
        isPaused = isPaused_;
    }

    function setRequired(address user, int256 amount) external {
        required[user] = amount;
    }

    function addMargin(uint256 amount) external {
        require(!isPaused, "paused");
        TOKEN.transferFrom(msg.sender, address(this), amount);
        balanceOf[msg.sender] += int256(amount);
    }

    function liquidate(address user) external {
        require(balanceOf[user] < required[user], "healthy");
        balanceOf[msg.sender] += balanceOf[user];
        balanceOf[user] = 0;
    }

    function settle(address winner, address loser, int256 amount) external {
        balanceOf[winner] += amount;
        balanceOf[loser] -= amount;
    }

    function withdraw() external {
        int256 amount = balanceOf[msg.sender];
        require(amount > 0, "nothing");
        balanceOf[msg.sender] = 0;
        TOKEN.transfer(msg.sender, uint256(amount));
    }
}
